import { type FormEvent, startTransition, useActionState, useEffect, useRef } from "react";
import type { Outcome } from "./_action";

type Action<T> = (before: Outcome<T> | null, form: FormData) => Promise<Outcome<T>>;

/**
 * A form on a server action, which keeps what was typed and chosen when that is refused. React resets a form after its
 * `action` ran: radios and selects then show, and send, another choice than the state holds. So it is sent from
 * `onSubmit`; `action` serves whoever submits before the page's scripts run. `empties`: fields that keep no state are as
 * at first once it succeeded.
 */
export function useForm<T = undefined>(action: Action<T>, { empties = false } = {}) {
  const [outcome, send, busy] = useActionState<Outcome<T> | null, FormData>(action, null);
  const ref = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (empties && outcome?.ok) ref.current?.reset();
  }, [empties, outcome]);
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    startTransition(() => send(form));
  };
  return [outcome, { ref, action: send, onSubmit }, busy] as const;
}
