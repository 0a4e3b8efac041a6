import { Prisma } from "../db/generated/client";

/**
 * What is going on with the cases of the releases in `open (id, asked)`, set by set: `graded`, by how many and whether by this
 * person; `returned`, how often somebody asked for one more grader; `disputed`. Parts of a WITH.
 */
export function standingOf(person: number): Prisma.Sql {
  return Prisma.sql`graded AS (
      SELECT release_id, case_id, count(DISTINCT reviewer_id) AS graders, bool_or(reviewer_id = ${person}) AS mine
        FROM review WHERE release_id IN (SELECT id FROM open) GROUP BY 1, 2
    ), returned AS (
      SELECT release_id, case_id, count(*) AS times FROM adjudication_task
       WHERE release_id IN (SELECT id FROM open) AND outcome = 'returned' GROUP BY 1, 2
    ), disputed AS (
      -- OFFSET 0 keeps the planner from making the labels of all releases there are. Where no case has two graders nobody
      -- disagrees: then none are made.
      SELECT DISTINCT l.release_id, l.case_id
        FROM open CROSS JOIN LATERAL (
               SELECT h.release_id, h.case_id FROM human_label h WHERE h.release_id = open.id AND h.label = 'disagreement' OFFSET 0) l
       WHERE EXISTS (SELECT 1 FROM graded WHERE graders > 1)
    )`;
}
