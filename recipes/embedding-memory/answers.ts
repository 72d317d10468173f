/**
 * What the trainings say to the questions of the config.
 *
 * @module
 */
import { compareSeeds, type Comparison, signed, type Verdict } from "../images/comparison.ts";
import { recalls } from "../images/seeds.ts";
import { formatTable } from "../runner/table.ts";
import type { Config } from "./config.ts";
import type { Arm } from "./study.ts";

/** One training held against another one, by R@1. */
export interface Answer extends Comparison {
  readonly training: string;
  readonly against: string;
}

/** A question with what was found, and what the paper says. */
export interface Answered {
  readonly question: string;
  readonly paper: Verdict | null;
  readonly answers: readonly Answer[];
}

/** Answers from the scores all questions about what was trained. */
export function answer(questions: Config["questions"], arms: readonly Arm[]): Answered[] {
  const found = new Map(arms.map((arm) => [arm.title, recalls(arm)]));
  return Object.values(questions).map(({ question, trainings, against, paper }) => ({
    question,
    paper,
    answers: trainings.filter((training) => found.has(training) && found.has(against)).map((training) => ({
      training,
      against,
      ...compareSeeds(found.get(training)!, found.get(against)!),
    })),
  })).filter(({ answers }) => answers.length > 0);
}

/** A line for each question: which trainings help, harm, or do neither, and how many do as the paper says, if seeds tell. */
export function verdictLines(answered: readonly Answered[]): string[] {
  return answered.map(({ question, paper, answers }) => {
    if (answers.some(({ gains }) => gains.length < 2)) return `${question} One seed does not tell`;
    const byVerdict = Map.groupBy(answers, ({ verdict }) => verdict);
    const found = [...byVerdict].map(([verdict, some]) => {
      return `${verdict}: ${some.map(({ training }) => training).join(", ")}`;
    });
    const agree = byVerdict.get(paper!)?.length ?? 0;
    const said = paper === null ? "" : ` (the paper: ${paper}; ${agree} of ${answers.length} agree)`;
    return `${question} ${found.join("; ")}${said}`;
  });
}

/** One row a comparison, under its question. */
export function answerTable(answered: readonly Answered[], markdown = false): string {
  const head = [
    "question",
    "training",
    "against",
    "R@1",
    "of each seed",
    "their scatter",
    "spread of seeds",
    "verdict",
    "paper",
  ];
  const rows = answered.flatMap(({ question, paper, answers }) =>
    answers.map(({ training, against, gain, gains, scatter, noise, verdict }, i) => [
      i === 0 ? question : "",
      training,
      against,
      signed(gain),
      gains.map(signed).join(" "),
      scatter.toFixed(3),
      noise.toFixed(3),
      verdict,
      paper ?? "-",
    ])
  );
  return formatTable(head, rows, { markdown });
}
