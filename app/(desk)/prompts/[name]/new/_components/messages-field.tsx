"use client";

import { useId } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";
import type { DraftMessage } from "./draft";

type Props = { messages: DraftMessage[]; onChange: (messages: DraftMessage[]) => void };

export function MessagesField({ messages, onChange }: Props) {
  const roles = useId();
  const change = (index: number, next: Partial<DraftMessage>) =>
    onChange(messages.map((message, at) => (at === index ? { ...message, ...next } : message)));
  return (
    <fieldset className="flex flex-col gap-4">
      <legend className="mb-2 text-lg font-semibold">Messages</legend>
      <datalist id={roles}>
        {["system", "user", "assistant", "developer", "tool"].map((role) => (
          <option key={role} value={role} />
        ))}
      </datalist>
      {messages.map((message, index) => (
        <div key={index} className="flex flex-col gap-2 border-l-2 border-line pl-3">
          <div className="flex flex-wrap items-end gap-3">
            <div className="w-40">
              <Field label={`Role of message ${index + 1}`}>
                <Input
                  list={roles}
                  value={message.role}
                  required
                  onChange={({ target }) => change(index, { role: target.value })}
                />
              </Field>
            </div>
            <Button
              size="sm"
              disabled={messages.length === 1}
              onClick={() => onChange(messages.filter((_, at) => at !== index))}
            >
              Remove<span className="sr-only"> message {index + 1}</span>
            </Button>
          </div>
          <Field label={`Text of message ${index + 1}`}>
            <Textarea
              rows={Math.min(16, message.content.split("\n").length + 2)}
              className="font-mono text-[13px]"
              value={message.content}
              onChange={({ target }) => change(index, { content: target.value })}
            />
          </Field>
        </div>
      ))}
      <div>
        <Button size="sm" onClick={() => onChange([...messages, { role: "user", content: "" }])}>
          Add message
        </Button>
      </div>
    </fieldset>
  );
}
