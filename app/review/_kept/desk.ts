import type { Progress, Revealed, TaskView } from "@/lib/review/queries";
import type { Grade } from "@/lib/review/schema";
import { dropHeld, isHeld, keepHeld, moveHeld, readHeld } from "./held";
import { inTurn, takeForTab } from "./locks";
import { dropDraft } from "./notes";
import {
  type GradePending,
  newKey,
  nextAt,
  type Pending,
  putInOutbox,
  type Refusal,
  readOutbox,
  releasesWithPending,
  takeFromOutbox,
  type Whose,
  watchOutbox,
} from "./outbox";
import { type Sent, type Server, serverOf } from "./server";

/** What the server told once a grade was stored. Never kept in the browser. */
export type Told = { task: string; case: string; revealed: Revealed; grades: readonly Grade[] };

export type DeskState = {
  /** Cases of this tab that are still to be shown, the next first. */
  ready: readonly TaskView[];
  /** All cases of this person in this browser, those of other tabs and those graded but undelivered among them. */
  held: number;
  /** Cases that other tabs have open. */
  elsewhere: number;
  /** The server has nothing more to hand out for now. */
  ended: boolean;
  offline: boolean;
  /** Why the server takes nothing until somebody signs in. */
  signedOut: string | null;
  /** Why the server hands out nothing and takes nothing, such as a grading that was closed. */
  problem: string | null;
  /** The browser lets nothing be kept. */
  broken: boolean;
  stored: number;
  /** As far as it is known; null before a case was handed out. */
  progress: Progress | null;
  /** Half the width of the release's interval, now and when this tab began; null while it is not known. */
  halfWidth: { now: number; begun: number } | null;
  told: Told | null;
};

/** Cases that one person may hold at a time: as many as the server hands out. */
const mostHeld = 12;
/** Of those, the ones that this tab takes for itself, so that the next is there when a key is pressed. */
const reserved = 3;
/** With answers this large, fewer cases are kept. Characters. */
const roomForHeld = 12_000_000;
const retryMs = 4000;
const renewMs = 4 * 60_000;
const idleMs = 10 * 60_000;
const askAgainMs = 30_000;
/** So many grades are stored before the interval is asked for again: one grade hardly moves it. */
const gradesBetween = 5;
/** The next case is painted before the grade is sent, which writes to the disk once more. */
const afterPaintMs = 50;

/** `counts`: one more case is graded, which a correction and a check on grading are not. */
type Message = { about: "held" | "refused" } | { about: "told"; clientKey: string; told: Told; counts: boolean };

/**
 * A person's work on one release in this tab: cases at hand, and what is graded until the server has it. What is kept
 * lies in the browser and is shared by its tabs; this object keeps only what belongs to the tab.
 */
export class Desk {
  state: DeskState = {
    ready: [],
    held: 0,
    elsewhere: 0,
    ended: false,
    offline: false,
    signedOut: null,
    problem: null,
    broken: false,
    stored: 0,
    progress: null,
    halfWidth: null,
    told: null,
  };
  /** Called when the case on the screen is no longer this person's. */
  onGone: (task: string) => void = () => undefined;

  readonly #server: Server;
  readonly #id: string;
  readonly #listeners = new Set<() => void>();
  /** Of each case that this tab has: how to leave it to the others. */
  readonly #mine = new Map<string, () => void>();
  /** Deliveries whose answer is to be shown in this tab. */
  readonly #own = new Set<string>();
  #channel: BroadcastChannel | null = null;
  #delivering = false;
  #filling = false;
  #fillAgain = false;
  #lastUse = Date.now();
  #running = false;
  /** The server had nothing more, and nothing has happened since that could change it. */
  #exhausted = false;
  /** No case is shown here: only what waits is delivered. */
  #outside = false;
  #waitsForTab = false;

  constructor(readonly whose: Whose) {
    this.#server = serverOf(whose);
    this.#id = `${whose.userId}/${whose.releaseId}`;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  #set(change: Partial<DeskState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.#listeners) listener();
  }

  /** Begins, and returns how to end. */
  start(): () => void {
    this.#running = true;
    // What an earlier tab left is told here.
    for (const { clientKey } of readOutbox(this.whose)) this.#own.add(clientKey);
    this.#open();
    const used = () => {
      const wasIdle = Date.now() - this.#lastUse > idleMs;
      this.#lastUse = Date.now();
      if (wasIdle) void this.#renew();
    };
    const again = () => void this.retry();
    const seen = () => document.visibilityState === "visible" && again();
    const cut = () => this.#set({ offline: true });
    const timers = [
      // What waits is sent again although something else got through meanwhile.
      setInterval(() => (this.state.offline || this.state.signedOut || this.#waits()) && again(), retryMs),
      // Who has left lets the cases go: others may take them once the lease runs out.
      setInterval(() => Date.now() - this.#lastUse < idleMs && void this.#renew(), renewMs),
      setInterval(() => {
        this.#exhausted = false;
        if (this.state.ready.length === 0) void this.fill();
      }, askAgainMs),
    ];
    const unwatch = watchOutbox(() => void setTimeout(() => void this.deliver(), afterPaintMs));
    window.addEventListener("online", again);
    window.addEventListener("offline", cut);
    window.addEventListener("keydown", used);
    window.addEventListener("pointerdown", used);
    document.addEventListener("visibilitychange", seen);
    void this.fill().then(again);
    void this.#measure();
    return () => {
      this.#running = false;
      for (const timer of timers) clearInterval(timer);
      unwatch();
      window.removeEventListener("online", again);
      window.removeEventListener("offline", cut);
      window.removeEventListener("keydown", used);
      window.removeEventListener("pointerdown", used);
      document.removeEventListener("visibilitychange", seen);
      this.#close();
      for (const release of this.#mine.values()) release();
      this.#mine.clear();
      this.#set({ ready: [] });
    };
  }

  #open(): void {
    if (!globalThis.BroadcastChannel) return;
    this.#channel = new BroadcastChannel(`countersign/${this.#id}`);
    // From outside it only tells: what it would hear leads to taking cases, and those are for a screen that shows them.
    if (!this.#outside) this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data);
  }

  #close(): void {
    this.#channel?.close();
    this.#channel = null;
  }

  /** The case to show next, for this tab alone from now on. */
  take(): TaskView | null {
    const [first, ...ready] = this.state.ready;
    if (!first) return null;
    this.#set({ ready });
    // Who comes back to a case that was put off and not yet handed back keeps it.
    for (const { kind, task, tried, clientKey } of readOutbox(this.whose))
      if (kind === "skip" && task === first.task && !tried) takeFromOutbox(this.whose, clientKey);
    void this.fill();
    return first;
  }

  /** Puts a case back in front of the others: something else is looked at in between. */
  giveBack(task: TaskView): void {
    this.#set({ ready: [task, ...this.state.ready] });
  }

  /** @throws when the browser has no room: nothing was kept then */
  commit(grade: Omit<GradePending, "at" | "clientKey">): void {
    const clientKey = newKey();
    this.#own.add(clientKey);
    putInOutbox(this.whose, { ...grade, clientKey, at: nextAt() });
    dropDraft(this.whose, grade.task);
    this.#leave(grade.task);
    this.#set({ told: null });
  }

  /** To this person's end, at once here, and at the server as soon as it hears of it. */
  async putOff(task: TaskView, reason: string): Promise<void> {
    const at = nextAt();
    putInOutbox(this.whose, {
      kind: "skip",
      task: task.task,
      case: task.case,
      clientKey: newKey(),
      at,
      ...(reason.trim() && { reason: reason.trim() }),
    });
    this.#leave(task.task);
    await moveHeld(this.whose, task.task, at);
    void this.fill();
  }

  /** Takes a grade back that was never sent; null when it may be at the server already. */
  async takeBack(pending: GradePending): Promise<TaskView | null> {
    const now = readOutbox(this.whose).find(({ clientKey }) => clientKey === pending.clientKey);
    if (!now || now.tried) return null;
    const kept = (await readHeld(this.whose)).find(({ task }) => task.task === pending.task);
    const release = kept && (await takeForTab(`case/${pending.task}`));
    if (!release) return null;
    // It may have been sent while this was looked up.
    const still = readOutbox(this.whose).find(({ clientKey }) => clientKey === pending.clientKey);
    if (!still || still.tried) {
      release();
      return null;
    }
    this.#mine.set(pending.task, release);
    takeFromOutbox(this.whose, pending.clientKey);
    return kept.task;
  }

  /** Sends a refused grade once more. */
  sendAgain(pending: Pending): void {
    const { refused: _refused, ...rest } = pending;
    this.#own.add(pending.clientKey);
    putInOutbox(this.whose, rest as Pending);
  }

  /** Lets go of a grade that the server refused: the person said so. */
  letGo({ clientKey }: Pending): void {
    takeFromOutbox(this.whose, clientKey);
  }

  graded = (task: string) => this.#server.graded(task);
  history = () => this.#server.history();

  say(problem: string | null): void {
    this.#set({ problem });
    if (problem === null) void this.#renew().then(() => this.fill());
  }

  show(told: Told | null): void {
    this.#set({ told });
  }

  retry(): Promise<void> {
    if (!navigator.onLine) {
      this.#set({ offline: true });
      return Promise.resolve();
    }
    return this.deliver()
      .then(() => this.#renew())
      .then(() => this.fill());
  }

  #waits(): boolean {
    return nextOf(readOutbox(this.whose)) !== undefined;
  }

  /** What is kept goes to the server one after the other, whichever tab it was made in; each until it is answered. */
  async deliver(): Promise<void> {
    if (this.#delivering || !this.#running) return;
    if (!navigator.onLine) return this.#set({ offline: true });
    if (!this.#waits()) return;
    this.#delivering = true;
    try {
      await inTurn(`deliver/${this.#id}`, async () => {
        for (;;) {
          const next = nextOf(readOutbox(this.whose));
          if (!next || !this.#running) return;
          putInOutbox(this.whose, { ...next, tried: true });
          if (!(await this.#settle(next, await this.#server.send(next)))) return;
        }
      });
    } finally {
      this.#delivering = false;
    }
    if (!this.#outside) void this.fill();
  }

  /** As `deliver`, from outside the grading screen, which is told what became of it. */
  async deliverOnce(): Promise<void> {
    this.#running = true;
    this.#outside = true;
    this.#open();
    try {
      await this.deliver();
    } finally {
      this.#running = false;
      this.#close();
    }
  }

  /** What an answer means for a delivery. False: it stays, and nothing after it is sent now. */
  async #settle(sent: Pending, answer: Sent<{ revealed: Revealed } | null>): Promise<boolean> {
    if (!answer.ok && (answer.refusal === null || answer.refusal.code === "not_signed_in")) {
      this.#set({ offline: answer.refusal === null, signedOut: answer.refusal?.message ?? null });
      return false;
    }
    this.#set({ offline: false, signedOut: null });
    if (sent.kind === "grade" || sent.kind === "skip") await dropHeld(this.whose, [sent.task]).catch(() => undefined);
    if (sent.kind === "skip") {
      // Refused or not: the case is with this person no more.
      this.#drop([sent.task]);
      takeFromOutbox(this.whose, sent.clientKey);
    } else if (answer.ok) {
      takeFromOutbox(this.whose, sent.clientKey);
      if (sent.kind === "attribution") return true;
      const { task, grades } = sent;
      const told = { task, case: sent.case, revealed: answer.value!.revealed, grades };
      const counts = sent.kind === "grade" && !told.revealed.check;
      if (this.#own.delete(sent.clientKey)) this.#learn(told, counts);
      else this.#post({ about: "told", clientKey: sent.clientKey, told, counts });
    } else {
      const { code, message } = answer.refusal!;
      putInOutbox(this.whose, { ...sent, tried: true, refused: { code, message } });
      // Whatever took this case away may have taken others.
      void this.#renew();
      this.#post({ about: "refused" });
    }
    this.#exhausted = false;
    this.#post({ about: "held" });
    return true;
  }

  /** Takes cases for this tab, and fetches more from the server as long as there is room. */
  async fill(): Promise<void> {
    if (this.#filling) {
      this.#fillAgain = true;
      return;
    }
    this.#filling = true;
    try {
      do {
        this.#fillAgain = false;
        do await this.#reserve();
        while (this.#mayFetch() && (await this.#fetchOne()));
      } while (this.#fillAgain && this.#running);
    } catch {
      this.#set({ broken: true });
    } finally {
      this.#filling = false;
    }
  }

  #mayFetch(): boolean {
    return this.#running && !this.#exhausted && !this.state.problem && navigator.onLine;
  }

  async #reserve(): Promise<void> {
    const kept = await readHeld(this.whose);
    const elsewhere: string[] = [];
    for (const { task } of kept) {
      if (!this.#running) return;
      if (this.#mine.has(task.task) || this.#isDealtWith(task.task)) continue;
      if (this.state.ready.length >= reserved) break;
      const release = await takeForTab(`case/${task.task}`);
      if (!release) {
        elsewhere.push(task.task);
        continue;
      }
      // Another tab may have graded it just before it let go.
      if (!this.#running || this.#isGraded(task.task) || !(await isHeld(this.whose, task.task))) {
        release();
        continue;
      }
      this.#mine.set(task.task, release);
      this.#set({ ready: [...this.state.ready, task] });
      this.#knows(task.progress);
    }
    this.#set({ held: kept.length, elsewhere: elsewhere.length });
    if (elsewhere[0] && this.state.ready.length === 0) this.#waitForTab(elsewhere[0]);
  }

  /** Nothing is left but what another tab has: it comes here once that tab is closed or done with it. */
  #waitForTab(task: string): void {
    if (this.#waitsForTab) return;
    this.#waitsForTab = true;
    void inTurn(`case/${task}`, async () => undefined).then(() => {
      this.#waitsForTab = false;
      void this.fill();
    });
  }

  /** One more case from the server; tabs ask one after the other. True: there may be more. */
  #fetchOne(): Promise<boolean> {
    return inTurn(`fetch/${this.#id}`, async () => {
      const kept = await readHeld(this.whose);
      const size = kept.reduce((sum, one) => sum + one.size, 0);
      if (!this.#running || kept.length >= mostHeld || (kept.length >= 2 && size > roomForHeld)) return false;
      const tasks = [...kept.map(({ task }) => task.task), ...readOutbox(this.whose).flatMap(({ task }) => task ?? [])];
      const answer = await this.#server.next([...new Set(tasks)]);
      if (!answer.ok) {
        this.#hold(answer.refusal);
        return false;
      }
      this.#exhausted = answer.value === null;
      this.#set({ offline: false, signedOut: null, ended: answer.value === null });
      if (answer.value === null) return false;
      this.#knows(answer.value.progress);
      await keepHeld(this.whose, answer.value, nextAt());
      this.#post({ about: "held" });
      return true;
    });
  }

  /** How far the release's interval has come. Nobody waits for it: what can't be had now is asked for later. */
  async #measure(): Promise<void> {
    if (!navigator.onLine || !this.#running || this.#outside) return;
    const answer = await this.#server.interval();
    if (!answer.ok || !answer.value) return;
    const { halfWidth: now } = answer.value;
    this.#set({ halfWidth: { now, begun: this.state.halfWidth?.begun ?? now } });
  }

  /** Keeps what is held for this person as long as they are at it, and drops what is theirs no more. */
  async #renew(): Promise<void> {
    if (!navigator.onLine || !this.#running) return;
    const kept = (await readHeld(this.whose).catch(() => [])).map(({ task }) => task.task);
    if (kept.length === 0 && this.state.progress && !this.state.problem) return;
    const answer = await this.#server.renew(kept);
    if (!answer.ok) return this.#hold(answer.refusal);
    this.#set({ offline: false, signedOut: null, problem: null });
    this.#knows(answer.value.progress);
    const still = new Set(answer.value.leases.map(({ task }) => task));
    const gone = kept.filter((task) => !still.has(task) && !this.#isGraded(task));
    if (gone.length === 0) return;
    await dropHeld(this.whose, gone);
    this.#drop(gone);
    this.#post({ about: "held" });
  }

  /** The server hands out nothing and keeps nothing for this person: it is away, they are signed out, or it said why. */
  #hold(refusal: Refusal | null): void {
    const signedOut = refusal?.code === "not_signed_in" ? refusal.message : null;
    const problem = refusal && signedOut === null ? refusal.message : this.state.problem;
    this.#set({ offline: refusal === null, signedOut, problem });
  }

  /** Nobody grades less than before: a smaller count is an older one, such as of when a case was handed out. */
  #knows(progress: Progress): void {
    if (progress.mine >= (this.state.progress?.mine ?? 0)) this.#set({ progress });
  }

  #drop(tasks: readonly string[]): void {
    const shown = tasks.filter((task) => this.#mine.has(task) && !this.state.ready.some((one) => one.task === task));
    for (const task of tasks) {
      this.#leave(task);
      dropDraft(this.whose, task);
    }
    this.#set({ ready: this.state.ready.filter(({ task }) => !tasks.includes(task)) });
    for (const task of shown) this.onGone(task);
  }

  #leave(task: string): void {
    this.#mine.get(task)?.();
    this.#mine.delete(task);
  }

  #isGraded(task: string): boolean {
    return readOutbox(this.whose).some((pending) => pending.kind === "grade" && pending.task === task);
  }

  /** Graded, or put off and about to go back: without a network a case that was put off comes again at the end. */
  #isDealtWith(task: string): boolean {
    return readOutbox(this.whose).some(
      (pending) =>
        pending.task === task &&
        (pending.kind === "grade" || (pending.kind === "skip" && (pending.tried || !this.state.offline))),
    );
  }

  #post(message: Message): void {
    this.#channel?.postMessage(message);
  }

  #hear(message: Message): void {
    if (message.about === "held") void this.fill();
    else if (message.about === "refused") void this.#renew();
    else if (message.about === "told" && this.#own.delete(message.clientKey)) this.#learn(message.told, message.counts);
  }

  /** What was sent from here is stored, whichever page sent it. */
  #learn(told: Told, counts: boolean): void {
    const { progress, stored } = this.state;
    this.#set({
      told,
      stored: stored + 1,
      ...(progress &&
        counts && {
          progress: { ...progress, mine: progress.mine + 1, waiting: Math.max(0, progress.waiting - 1) },
        }),
    });
    if (this.state.stored % gradesBetween === 0) void this.#measure();
  }
}

const nextOf = (pending: readonly Pending[]) => pending.find(({ refused }) => !refused);

/** Tries once to deliver whatever this person has in this browser, of any release. */
export async function deliverAll(userId: number): Promise<void> {
  for (const releaseId of releasesWithPending(userId)) await new Desk({ userId, releaseId }).deliverOnce();
}
