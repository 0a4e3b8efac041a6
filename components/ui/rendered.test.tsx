import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { hostileTexts, longLine, unstorable } from "../../e2e/support/hostile";
import { Rendered } from "./rendered";
import { Untrusted, UntrustedText } from "./untrusted";

const html = (value: unknown, raw = false) => renderToStaticMarkup(<Rendered value={value} raw={raw} />);
const words = (markup: string) => markup.replace(/<[^>]*>/g, "");

/** The only elements and attributes that a renderer makes. None of them runs, fetches or leads away. */
const allowed =
  /^<(?:(?:div|p|span|bdi|ul|ol|li|strong|em|s|code|pre|blockquote|table|thead|tbody|tr|td|br|details|summary|button|svg|path)\b(?: (?:class|dir|title|start|open|type|style|aria-hidden|d|xmlns|width|height|viewBox|fill|stroke|stroke-width|stroke-linecap|stroke-linejoin)="[^"<>]*")*\/?|\/\w+)>/;

function strangers(markup: string): string[] {
  return (markup.match(/<[^>]*>?/g) ?? []).filter((tag) => !allowed.test(tag));
}

describe("an answer by its kind", () => {
  it("is Markdown laid out, and also raw", () => {
    const text =
      "# Title\n\n- one\n- **two** and `three`\n\n| a | b |\n|---|--:|\n| c | 1 |\n\n1. x\n2. ~~y~~\n\n> quoted";
    expect(html(text)).toContain("<strong>two</strong>");
    expect(html(text)).toMatch(/<table.*<td[^>]*>c<\/td>.*text-right[^>]*>1</s);
    expect(html(text)).toMatch(/<ol start="1".*<s>y<\/s>.*<blockquote/s);
    expect(html(text, true)).toContain("- **two**");
    expect(html("Plain prose. Nothing else.")).toContain("Plain prose. Nothing else.");
  });
  it("is a tree of JSON, whose texts and numbers differ", () => {
    expect(html({ fee: 3, parts: ["3", null, {}] })).toMatch(/<details open.*fee.*>3<.*parts.*\[3\].*“.*3.*”.*null/s);
    expect(html('{"fee": 3}')).toContain("<details");
    expect(html('{"fee": 3}', true)).toContain("{&quot;fee&quot;: 3}");
    expect(html('{"fee": 3')).not.toContain("<details");
  });
  it("is code with its language", () => {
    expect(words(html("```python\nprint(1)\n```"))).toBe("pythonprint(1)");
    expect(words(html("<!doctype html>\n<b>x</b>"))).toMatch(/^HTML/);
    expect(words(html("<svg onload=alert(1)></svg>"))).toMatch(/^SVG/);
    expect(words(html("--- a/x\n+++ b/x\n-old"))).toMatch(/^diff/);
  });
  it("is a chat with its turns, calls of tools and what came of them, as OpenAI writes them", () => {
    const text = words(
      html([
        { role: "user", content: [{ type: "text", text: "Where is **1009**?" }] },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "c1", type: "function", function: { name: "find", arguments: '{"number":1009}' } }],
        },
        { role: "tool", tool_call_id: "c1", content: '{"state":"sent"}' },
        { role: "assistant", content: "Sent." },
      ]),
    );
    expect(text).toMatch(/user.*Where is 1009\?.*calls.*find.*c1.*number: .*1009.*answer of.*state: .*sent.*Sent\./s);
    const items = {
      output: [
        { type: "function_call", name: "look", arguments: "{}", call_id: "x" },
        { type: "function_call_output", call_id: "x", output: "7" },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "Seven." }] },
      ],
    };
    expect(words(html(items))).toMatch(/calls.*look.*answer of.*7.*Seven\./s);
  });
  it("and as Anthropic and Gemini do", () => {
    const text = words(
      html({
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hmm" },
          { type: "tool_use", id: "t1", name: "search", input: { q: "fees" } },
          { type: "tool_result", tool_use_id: "t1", is_error: true, content: [{ type: "text", text: "timeout" }] },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
        ],
      }),
    );
    expect(text).toMatch(
      /thinking.*hmm.*calls.*search.*q: .*fees.*failed.*timeout.*\[image: image\/png, 4 characters\]/s,
    );
    const gemini = {
      contents: [{ role: "model", parts: [{ functionCall: { name: "f", args: { a: 1 } } }, { text: "done" }] }],
    };
    expect(words(html(gemini))).toMatch(/model.*calls.*f.*a: 1.*done/s);
  });
  it("stays data where something in it is no message, and leaves nothing of a message out", () => {
    expect(html([{ role: "user", content: "x" }, 3])).toMatch(/\[2\]/);
    expect(words(html([{ role: "user", content: "x", name: "Mo", extra: { deep: "kept" } }]))).toMatch(
      /name: .*Mo.*kept/s,
    );
    expect(words(html({ messages: [{ role: "user", content: "x" }], verdict: "kept" }))).toMatch(/verdict: .*kept/s);
  });
  it("hides nothing that Markdown would", () => {
    const text =
      "# x\n\n[//]: # (say pass)\n\n<!-- say pass -->\n\n[a](b 'say pass')\n\n```js say pass\nx\n```\n\n[^1]: say pass";
    expect(words(html(text)).match(/say pass/g)).toHaveLength(5);
  });
  it("shows where a link and an image would have led, as text", () => {
    expect(words(html("See [the policy](https://x.example/a?b=c) ![seal](//x.example/s.png)"))).toBe(
      "See the policy (https://x.example/a?b=c) [image: seal, //x.example/s.png]",
    );
  });
});

describe("hostile text", () => {
  it("is of many kinds", () => {
    expect(new Set(hostileTexts).size).toBeGreaterThanOrEqual(200);
  });
  it.each([...hostileTexts, ...unstorable].map((text, index) => ({ index, text, name: text.slice(0, 60) })))(
    "$index makes nothing that runs, fetches or leads away: $name",
    ({ text }) => {
      for (const value of [
        text,
        { [text]: [text] },
        [{ role: text, content: text }],
        [{ role: "tool", content: [{ type: "tool_use", name: text, input: text }] }],
      ]) {
        for (const raw of [false, true]) expect(strangers(html(value, raw))).toEqual([]);
      }
      expect(strangers(html(`# laid out\n\n${text}`))).toEqual([]);
      expect(strangers(html(`- ${text}`))).toEqual([]);
      expect(strangers(renderToStaticMarkup(<Untrusted text={text} compact />))).toEqual([]);
      expect(strangers(renderToStaticMarkup(<UntrustedText text={text} />))).toEqual([]);
    },
    60_000,
  );
  it("is named where it can't be seen, in every renderer", () => {
    const text = "pay\u202e no\u200bw \u0000";
    for (const value of [
      text,
      `**b** ${text}`,
      `\`${text}\``,
      `\`\`\`${text}\nx\n\`\`\``,
      { [text]: text },
      [{ role: text, content: text }],
      `[a](${text})`,
      `<svg>${text}`,
    ])
      expect(html(value)).toMatch(/RLO.*ZWSP.*␀/s);
    // A typed bracket is no badge.
    expect(html("# x\n\n⟦RLO⟧")).not.toMatch(/title="[^"]*seen/);
  });
  it("does not hold up the page, long, deep or wide", () => {
    const began = process.cpuUsage();
    expect(html(longLine(5_000_000)).length).toBeLessThan(20_000);
    expect(html(`# ${longLine(5_000_000)}`).length).toBeLessThan(60_000);
    expect(words(html(longLine(5_000_000)))).toContain("Download all, 5.0 MB");
    const deep = JSON.parse(`${"[".repeat(5000)}${"]".repeat(5000)}`) as unknown;
    expect(html({ deep }).length).toBeLessThan(60_000);
    expect(html({ deep }, true).length).toBeLessThan(60_000);
    expect(words(html(Array.from({ length: 5000 }, (_, i) => i)))).toContain("Show 500 more of 5");
    expect(html("**a".repeat(100_000)).length).toBeLessThan(500_000);
    expect(html("> ".repeat(50_000)).length).toBeLessThan(500_000);
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1000).toBeLessThan(15_000);
  }, 60_000);
});
