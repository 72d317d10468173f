/**
 * How two partitions of the same examples cross.
 *
 * @module
 */
import { checkLabels } from "../core/labels.ts";

/** The examples that each pair of classes shares. */
export interface Contingency {
  /** The number of examples. */
  readonly count: number;
  /** The sizes of the classes of the first partition. */
  readonly rows: readonly number[];
  /** The sizes of the classes of the second. */
  readonly columns: readonly number[];
  /** The pairs of classes that share examples, and how many. */
  readonly cells: readonly { readonly row: number; readonly column: number; readonly size: number }[];
  /** Whether the partitions are the same but for the names of their classes. */
  readonly same: boolean;
}

/** Counts how the classes of two partitions cross. */
export function contingency(cannot: string, labels: ArrayLike<number>, clusters: ArrayLike<number>): Contingency {
  const count = labels.length;
  if (count === 0) throw new RangeError(`Cannot ${cannot}: there are no labels, expected at least one`);
  checkLabels(cannot, { name: "labels", labels, count, rows: "labels" });
  checkLabels(cannot, { name: "clusters", labels: clusters, count, rows: "labels" });
  const [rows, columns] = [number(labels), number(clusters)];
  const cells = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const cell = rows.classes[i]! * columns.sizes.length + columns.classes[i]!;
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
  }
  return {
    count,
    rows: rows.sizes,
    columns: columns.sizes,
    cells: Array.from(cells, ([cell, size]) => ({
      row: Math.floor(cell / columns.sizes.length),
      column: cell % columns.sizes.length,
      size,
    })),
    same: cells.size === rows.sizes.length && cells.size === columns.sizes.length,
  };
}

/** Numbers the classes in the order in which they appear. */
function number(labels: ArrayLike<number>): { classes: Int32Array; sizes: number[] } {
  const names = new Map<number, number>();
  const sizes: number[] = [];
  const classes = Int32Array.from(labels, (label) => {
    const name = names.get(label) ?? names.size;
    names.set(label, name);
    sizes[name] = (sizes[name] ?? 0) + 1;
    return name;
  });
  return { classes, sizes };
}
