import { LongText, type More } from "./long-text";
import { UntrustedText } from "./untrusted-text";

/** Code, with its language named where it is known. */
export function Code({ text, language, more }: { text: string; language: string; more?: More }) {
  return (
    <div className="mt-2 min-w-0 overflow-hidden rounded-md border border-line bg-sunken first:mt-0">
      {language !== "" && (
        <p className="border-b border-line px-2.5 py-0.5 text-xs text-muted">
          <UntrustedText text={language} />
        </p>
      )}
      {/* No `pre`: a browser drops the line end that one begins with, and with it what the server and the browser agree on. */}
      <div className="p-2.5 font-mono text-[13px] leading-normal whitespace-pre-wrap [overflow-wrap:anywhere] [tab-size:4]">
        <LongText text={text} more={more} />
      </div>
    </div>
  );
}
