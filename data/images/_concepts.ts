/**
 * Which icons of several sets show one thing.
 *
 * @module
 */

/** An icon that is taken: its set's place, its name, and the class that it shows. */
export interface Choice {
  readonly set: number;
  readonly icon: string;
  readonly className: string;
}

/** All icons but those of a skin tone, each of the class of its name; takes and gives the names in each set. */
export function withoutSkinTones(names: readonly (readonly string[])[]): Choice[] {
  const all = new Set(names.flat());
  const toned = (name: string) => {
    if (/-skin-tone|-tone\d/.test(name)) return true;
    // Some sets write the bare tone, as in `ear-dark`; what is no variant of anything, such as a traffic light, stays.
    const plain = name.replace(/-(light|medium-light|medium|medium-dark|dark)$/, "");
    return plain !== name && all.has(plain);
  };
  return names.flatMap((icons, set) =>
    icons.filter((icon) => !toned(icon)).map((icon) => ({ set, icon, className: icon }))
  );
}

// Words for styles before and after what an icon shows, taken away in this order.
const STYLES = [
  /^(baseline|outline|round|sharp|twotone)-/,
  new RegExp(
    "-(fill|line|outline|outlined|filled|bold|bold-duotone|line-duotone|linear|broken|duotone|thin|light|solid|sharp|" +
      "rounded|outline-rounded|outline-sharp|\\d\\d|regular)$",
  ),
  /-(outline|bold|line)$/,
];

/** Of each set and concept the icon with the shortest name, which has the fewest words for styles. */
export function onePerSet(names: readonly (readonly string[])[]): Choice[] {
  return names.flatMap((icons, set) => {
    const chosen = new Map<string, string>();
    for (const icon of icons) {
      const concept = STYLES.reduce((name, style) => name.replace(style, ""), icon);
      const best = chosen.get(concept);
      if (best === undefined || icon.length < best.length) chosen.set(concept, icon);
    }
    return Array.from(chosen, ([className, icon]) => ({ set, icon, className }));
  });
}
