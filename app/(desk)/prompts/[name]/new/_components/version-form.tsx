"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { Textarea } from "@/components/ui/textarea";
import { useForm } from "../../../../_form";
import { pushVersionAction } from "../../actions";
import { contentOf, type DraftMessage } from "./draft";
import { MessagesField } from "./messages-field";

type Props = {
  prompt: string;
  parent?: string;
  /** Model, parameters and tools as JSON, beside plain messages… */
  messages?: DraftMessage[];
  settings?: string;
  /** …or, for content that is more than that, all of it as JSON. */
  whole?: string;
};

export function VersionForm({ prompt, parent, messages: given = [], settings: givenSettings = "{}", whole }: Props) {
  const [outcome, form, busy] = useForm(pushVersionAction);
  const [messages, setMessages] = useState(given.length > 0 ? given : [{ role: "system", content: "" }]);
  const [settings, setSettings] = useState(givenSettings);
  const [json, setJson] = useState(whole ?? "");
  const [message, setMessage] = useState("");
  const [key, setKey] = useState("");
  const content = whole === undefined ? contentOf(messages, settings) : json;
  const wrong = (field: string) => (outcome && !outcome.ok && outcome.field === field ? outcome.message : undefined);
  const elsewhere = outcome && !outcome.ok && outcome.field !== "key";
  return (
    <form {...form} className="flex max-w-3xl flex-col gap-5">
      <input type="hidden" name="prompt" value={prompt} />
      {parent !== undefined && <input type="hidden" name="parent" value={parent} />}
      <input type="hidden" name="content" value={content ?? ""} />
      {whole === undefined ? (
        <>
          <MessagesField messages={messages} onChange={setMessages} />
          <Field
            label="Model, parameters and tools"
            hint='JSON: {"model": …, "parameters": {…}, "tools": […]}'
            error={content === null ? "This is not a JSON object yet." : undefined}
          >
            <Textarea
              rows={6}
              className="font-mono text-[13px]"
              value={settings}
              spellCheck={false}
              onChange={({ target }) => setSettings(target.value)}
            />
          </Field>
        </>
      ) : (
        <Field label="Content" hint="JSON with messages, parameters, tools, model and whatever else belongs to it">
          <Textarea
            rows={24}
            className="font-mono text-[13px]"
            value={json}
            spellCheck={false}
            onChange={({ target }) => setJson(target.value)}
          />
        </Field>
      )}
      <Field label="What changed, and why" hint="Reviewers read it above the comparison">
        <Textarea name="message" maxLength={4000} value={message} onChange={({ target }) => setMessage(target.value)} />
      </Field>
      <div className="max-w-xs">
        <Field label="Key" hint="Left empty: v and the next number" error={wrong("key")}>
          <Input
            name="key"
            maxLength={300}
            autoComplete="off"
            value={key}
            onChange={({ target }) => setKey(target.value)}
          />
        </Field>
      </div>
      {elsewhere && <Notice tone="danger">{outcome.message} Nothing was stored.</Notice>}
      <div>
        <Button type="submit" variant="primary" disabled={busy || content === null}>
          Push version
        </Button>
      </div>
    </form>
  );
}
