/** Long texts are shown from the front, more at each step. No React here. */

/** Where to cut so that about `most` characters come before: after a line where one ends near, and never within a character. */
export function cutAt(text: string, most: number): number {
  if (text.length <= most) return text.length;
  const line = text.lastIndexOf("\n", most - 1);
  if (line >= most * 0.8) return line + 1;
  const code = text.charCodeAt(most - 1);
  return code >= 0xd800 && code <= 0xdbff ? most - 1 : most;
}

/** Pieces of about this many characters, so that a browser lays out only those in sight. Joined they are the text. */
export function chunksOf(text: string, size = 10_000): string[] {
  const chunks: string[] = [];
  for (let from = 0; from < text.length; ) {
    const rest = text.slice(from, from + size * 2);
    const at = rest.length < size * 2 && rest.length <= size * 1.25 ? rest.length : cutAt(rest, size);
    chunks.push(rest.slice(0, at));
    from += at;
  }
  return chunks;
}

/** How much is shown next: five times as much, at most 100 000 more, and never more than a page can bear. */
export const bearable = 1_000_000;
export function nextStep(shown: number, length: number): number {
  return Math.min(length, bearable, shown * 5, shown + 100_000);
}

/** As files are sized: 5.0 MB. */
export function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
