import {
  lengthErrorSentence,
  lengthSentence,
  reliabilitySentence,
  repeatSentence,
} from "@/components/charts/sentences";
import { ShareChart } from "@/components/charts/share-chart";
import { Explain } from "@/components/ui/explain";
import { formatCount, formatRateInterval, plural } from "@/components/ui/format";
import { spelled } from "@/components/ui/invisible";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { LengthBias, PositionFlips, Reliability, Repeats } from "@/lib/calibration/measures";
import { kinship } from "@/lib/judges/rules";
import { wilsonInterval } from "@/lib/stats/sequential";
import { explainFamily, explainFlips, explainLength, explainReliability, explainRepeats } from "./explanations";

/** What a judge's errors may go with: length, order, kinship; and whether its score and its second word mean anything. */

type Props = {
  /** Names the figures of several versions apart. */
  of: string;
  /** Which answers these are of, in words. */
  answers: string;
  /** Null: it judged nothing. */
  length: LengthBias | null;
  scores: { missing: "scores" | "grades" } | Reliability;
  repeats: Repeats | null;
  flips: PositionFlips | null;
};

const point = (at: number, name: string, k: number, n: number) => ({ at, name, k, n, ...wilsonInterval(k, n)! });

export function Biases({ of, answers, length, scores, repeats, flips }: Props) {
  return (
    <div className="flex flex-col gap-6">
      {flips && <Flips flips={flips} />}
      <section aria-label={spelled(`Length, ${of}`)} className="flex flex-col gap-3">
        <h3 className="font-medium">Length {length && <Explain {...explainLength(length)} />}</h3>
        {!length ? (
          <p className="text-muted">It has judged no answer, so nothing can go with length.</p>
        ) : (
          <LengthCharts of={of} answers={answers} length={length} />
        )}
      </section>
      {length?.kind !== "preference" && (
        <section aria-label={spelled(`Score against people, ${of}`)} className="flex flex-col gap-3">
          <h3 className="font-medium">
            Score against people {"bins" in scores && <Explain {...explainReliability(scores)} />}
          </h3>
          {"missing" in scores ? (
            <p className="max-w-prose text-muted">
              {scores.missing === "scores"
                ? "This version gives verdicts without scores, so there is no score to hold against people."
                : "It gives scores, but nobody has graded an answer that has one: whether a higher score means more is not known."}
            </p>
          ) : (
            <Scores of={of} scores={scores} />
          )}
        </section>
      )}
      {repeats && (
        <section aria-label={spelled(`Judged again, ${of}`)} className="flex flex-col gap-1">
          <h3 className="font-medium">
            Judged again <Explain {...explainRepeats(repeats)} />
          </h3>
          <p className="max-w-prose tabular-nums">
            {repeatSentence(repeats, wilsonInterval(repeats.differ, repeats.answers)!)}{" "}
            <span className="text-muted">{plural(repeats.judgings, "verdict")} in all.</span>
          </p>
        </section>
      )}
    </div>
  );
}

function Flips({ flips }: { flips: PositionFlips }) {
  const interval = wilsonInterval(flips.flips, flips.both);
  return (
    <section aria-label="Position flips" className="flex flex-col gap-1">
      <h3 className="font-medium">
        Position flips <Explain {...explainFlips(flips)} />
      </h3>
      {interval === null ? (
        <p className="max-w-prose text-muted">
          No case was shown to it in both orders, so whether it prefers whatever stands first is not known.
        </p>
      ) : (
        <p className="max-w-prose tabular-nums">
          Of {plural(flips.both, "case")} seen in both orders, {formatCount(flips.flips)} flip with the order:{" "}
          {formatRateInterval(flips.flips / flips.both, interval.low, interval.high, 1)}.{" "}
          {flips.flips > 0 &&
            `${formatCount(flips.first)} times it took the one shown first both times, ${formatCount(flips.second)} times the one shown second.`}
        </p>
      )}
    </section>
  );
}

function LengthCharts({
  of,
  answers,
  length: { kind, bins, passes, errs },
}: {
  of: string;
  answers: string;
  length: LengthBias;
}) {
  const name = ({ from, to }: { from: number; to: number }) =>
    from === to ? formatCount(from) : `${formatCount(from)}${from < 0 ? " to " : "–"}${formatCount(to)}`;
  const graded = bins.map((bin, at) => ({ bin, at })).filter(({ bin }) => bin.graded > 0);
  return (
    <div className="grid gap-x-10 gap-y-6 lg:grid-cols-2">
      <ShareChart
        label={`${kind === "preference" ? "Preferred" : "Passed"} by length, ${of}`}
        sentence={lengthSentence(bins, passes, kind)}
        head={kind === "preference" ? "Characters more" : "Characters"}
        caption={`${kind === "preference" ? "Share in which it prefers the candidate, by characters that has more" : "Share that it passes, by characters"}; ${answers}.`}
        points={bins.map((bin, at) => point(at, name(bin), bin.k, bin.n))}
        by="machine"
        axis="names"
      />
      <ShareChart
        label={`Wrong by length, ${of}`}
        sentence={lengthErrorSentence(bins, errs)}
        head={kind === "preference" ? "Characters more" : "Characters"}
        caption="Share of graded answers on which people say otherwise, by the same lengths."
        points={graded.map(({ bin }, at) => point(at, name(bin), bin.wrong, bin.graded))}
        by="worse"
        axis="names"
      />
    </div>
  );
}

function Scores({ of, scores }: { of: string; scores: Reliability }) {
  const { bins, n, threshold, error, brier } = scores;
  return (
    <>
      <ShareChart
        label={`People's passes by score, ${of}`}
        sentence={reliabilitySentence({ n, threshold, error })}
        head="Score"
        caption={`Share that people pass, by the judge's score.${threshold ? ` Dashed: the threshold, ${threshold.value}.` : ""}${error === null ? "" : " Dotted: where a score would be the chance of a pass."}`}
        points={bins.map((bin) =>
          point(
            Number(bin.meanScore.toPrecision(3)),
            bin.from === bin.to ? String(round(bin.from)) : `${round(bin.from)}–${round(bin.to)}`,
            bin.passes,
            bin.n,
          ),
        )}
        axis="numbers"
        threshold={threshold?.value ?? null}
        diagonal={error !== null}
      />
      <p className="text-sm text-muted tabular-nums">
        {plural(n, "graded answer")} with a score.{" "}
        {brier === null
          ? "The scores do not lie between 0 and 1, so they are not read as chances."
          : `Brier score ${brier.toFixed(3)}: 0 is perfect, 0.25 is what always saying ½ would get.`}
      </p>
    </>
  );
}

const round = (value: number) => Number(value.toFixed(2));

type Judged = { model: string }[];

/** Whether the judge and who wrote the answers come from one house. */
export function Family({ model, runs }: { model: string; runs: Judged }) {
  const { own, kin, others, open } = kinship(
    model,
    runs.map((run) => run.model),
  );
  const named = kin.length > 0 ? kin : others;
  const text =
    own === null
      ? "The judge's model has no name of a known family, so whether it judges its own family's answers is not known."
      : kin.length > 0
        ? `Same family: this judge is of ${own}, and so is what wrote answers it judged:`
        : others.length > 0
          ? `Another family: this judge is of ${own}; the answers are not${open ? ", as far as the names of their models tell" : ""}:`
          : `This judge is of ${own}; the models that wrote the answers have no name of a known family, so whether they are of the same is not known.`;
  return (
    <p className={kin.length > 0 ? "max-w-prose border-l-4 border-unsure pl-3" : "max-w-prose text-muted"}>
      {text}{" "}
      {named.length > 0 && (
        <>
          <UntrustedText text={named.slice(0, 5).join(", ")} />
          {named.length > 5 && " and others"}.{" "}
        </>
      )}
      {kin.length > 0 && "A model tends to favour what reads like its own. "}
      <Explain {...explainFamily()} />
    </p>
  );
}
