import { Digest } from "@/components/ui/digest";
import { Notice } from "@/components/ui/notice";
import { Untrusted } from "@/components/ui/untrusted";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { messageText, readContent } from "@/lib/prompts/diff/content";
import type { VersionDetail } from "@/lib/prompts/queries";

/** What a version says, message by message. */
export function VersionContent({ version }: { version: VersionDetail }) {
  return (
    <section aria-labelledby="version" className="flex max-w-4xl flex-col gap-5">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 id="version" className="text-lg font-semibold [overflow-wrap:anywhere]">
          <UntrustedText text={version.key} />
        </h2>
        <Digest value={version.digest} copy />
      </div>
      {version.content === null ? (
        <Notice tone="warning" title="The text of this version is unknown">
          It came with results that did not hold it. Its answers and verdicts can be compared; its words can't.
        </Notice>
      ) : (
        <Parts content={version.content} />
      )}
    </section>
  );
}

function Parts({ content }: { content: NonNullable<VersionDetail["content"]> }) {
  const { messages = [], parameters, tools, model } = readContent(content);
  const settings = Object.entries({ model, parameters, tools }).filter(
    ([, value]) => value != null && Object.keys(value).length > 0,
  );
  return (
    <>
      {messages.map((message, index) => (
        <div key={index} className="flex flex-col gap-1">
          <h3 className="font-mono text-sm text-muted">
            <UntrustedText text={message.role} />
          </h3>
          <Untrusted text={messageText(message)} className="font-mono text-[13px]" />
        </div>
      ))}
      {settings.map(([name, value]) => (
        <div key={name} className="flex flex-col gap-1">
          <h3 className="font-mono text-sm text-muted">
            <UntrustedText text={name} />
          </h3>
          <Untrusted
            text={typeof value === "string" ? value : JSON.stringify(value, null, 2)}
            className="font-mono text-[13px]"
          />
        </div>
      ))}
    </>
  );
}
