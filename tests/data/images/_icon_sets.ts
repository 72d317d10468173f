import type { IconSet, IconSource } from "../../../data/images/_iconify.ts";

/** Sets of icons in the packages' place, each icon of one color; counts how often they are read. */
export function iconSets(sets: { readonly [set: string]: { readonly [icon: string]: string } }) {
  const sources: IconSource[] = Object.keys(sets).map((name) => ({
    name,
    version: "1.0.0",
    artist: name.replace(/-.*/, ""),
  }));
  const reads: string[] = [];
  const read = ({ name }: IconSource): Promise<IconSet> => {
    reads.push(name);
    const icons = Object.entries(sets[name]!).map(([icon, color]) => [icon, { body: square(color) }]);
    return Promise.resolve({ icons: Object.fromEntries(icons) });
  };
  return { sources, read, reads };
}

function square(color: string): string {
  return color === "broken" ? "<g>" : `<path fill="${color}" d="M0 0h16v16h-16z"/>`;
}
