import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";

type Props = { open: boolean; onOpenChange: (open: boolean) => void; onLater: (reason: string) => void };

/** Asks why a case is put off. Nobody has to say: Enter alone does it. */
export function Later({ open, onOpenChange, onLater }: Props) {
  const [reason, setReason] = useState("");
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Leave this case for later">
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          setReason("");
          onLater(reason);
        }}
      >
        <Field label="Why (optional)" hint="Whoever hands out the work sees it.">
          <Input
            autoFocus
            value={reason}
            maxLength={1000}
            autoComplete="off"
            onChange={(event) => setReason(event.target.value)}
          />
        </Field>
        <div>
          <Button type="submit" variant="primary">
            To the end of my queue
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
