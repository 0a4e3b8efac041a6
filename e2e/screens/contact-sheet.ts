export type Shot = {
  file: string;
  /** Of the screen, as "cases.full". */
  name: string;
  device: string;
  scheme: "light" | "dark";
  /** Why it is not right, where that can be known without looking. */
  problem?: string;
};

const safe = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** All pictures on one page, the four of a screen in a row. */
export function contactSheet(shots: readonly Shot[]): string {
  const names = [...new Set(shots.map(({ name }) => name))].sort();
  const row = (name: string) => {
    const pictures = shots.filter((shot) => shot.name === name);
    const figures = pictures.map(
      ({ file, device, scheme, problem }) =>
        `<figure class="${device}"><a href="${safe(file)}"><img loading="lazy" src="${safe(file)}" alt="${safe(name)}"></a>
<figcaption>${device}, ${scheme}${problem ? ` <strong>${safe(problem)}</strong>` : ""}</figcaption></figure>`,
    );
    return `<section><h2>${safe(name)}</h2><div>${figures.join("")}</div></section>`;
  };
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Screens of Countersign</title><style>
body{font:14px/1.4 system-ui;margin:1rem;background:#777;color:#fff}h2{font-size:1rem;margin:1.5rem 0 .5rem}
div{display:flex;gap:.75rem;align-items:start;overflow-x:auto}figure{margin:0}img{display:block;max-height:640px;object-fit:cover;object-position:top}
.phone img{width:195px}.desktop img{width:620px}strong{color:#ffd7cf}</style>
<h1>${shots.length} pictures of ${names.length} screens</h1>${names.map(row).join("\n")}</html>
`;
}
