import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Rendered } from "./rendered";

const html = (value: unknown, raw = false) => renderToStaticMarkup(<Rendered value={value} raw={raw} />);
/** Elements that could run, fetch or lead away. */
const active =
  /<(?:script|img|a|iframe|svg|object|embed|form|link|meta|style|video|audio|input|h[1-6])\b|<[^>]*\son\w+=|="javascript:/i;

describe("an answer by its kind", () => {
  it("lays out Markdown, a tree of JSON and the turns of a chat, each also raw", () => {
    expect(html("# Title\n\n- one\n- **two**")).toContain("<strong>two</strong>");
    expect(html("# Title\n\n- one\n- **two**", true)).toContain("- **two**");
    expect(html("Plain prose. Nothing else.")).toContain("Plain prose. Nothing else.");
    expect(html({ fee: 3, parts: ["a", "b"] })).toMatch(/<details open.*parts.*\[2\]/s);
    expect(html('{"fee": 3}')).toContain("<details");
    expect(html('{"fee": 3}', true)).toContain("{&quot;fee&quot;: 3}");
    expect(
      html([
        { role: "user", content: "Hello?" },
        { role: "assistant", tool_calls: [{ name: "find" }] },
      ]),
    ).toMatch(/user.*Hello\?.*assistant.*tool_calls/s);
  });
  it.each([
    "# x\n<script>alert(1)</script>",
    "**x** <img src=x onerror=alert(1)>",
    "- [click](javascript:alert(1)) and [out](https://example.com/?leak)",
    "- ![pixel](https://example.com/pixel.png)",
    "```html\n<iframe src='https://example.com'></iframe>\n```",
    "# x\n<svg onload=alert(1)>",
    "- [ ] task\n- [x] <form action=https://example.com><input></form>",
    "# fake\n<style>body{display:none}</style><meta http-equiv=refresh content=0>",
    "- https://example.com/autolink",
    "## x\n\n[a]: https://example.com 'y'\n\n[a]",
  ])("of hostile text makes nothing that runs, fetches or leads away: %j", (text) => {
    expect(html(text)).not.toMatch(active);
    expect(html({ text: [text] })).not.toMatch(active);
    expect(html([{ role: text, content: text }])).not.toMatch(active);
  });
  it("names what can't be seen", () => {
    expect(html("**pay\u202e** no\u200bw \u0000")).toMatch(/RLO.*ZWSP.*␀/);
  });
  it("shows a huge line and deep or wide JSON without laying them all out", () => {
    expect(html(`# ${"x".repeat(5_000_000)}`).length).toBeLessThan(10_000);
    const deep = JSON.parse(`${"[".repeat(2000)}${"]".repeat(2000)}`) as unknown;
    expect(html({ deep }).length).toBeLessThan(60_000);
    expect(html(Array.from({ length: 5000 }, (_, i) => i))).toContain("more: see it raw");
  });
});
