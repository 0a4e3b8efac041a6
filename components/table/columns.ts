import {
  columnVisibilityFeature,
  createColumnHelper,
  type RowData,
  type TableOptions,
  tableFeatures,
} from "@tanstack/react-table";

export type ColumnMeta = {
  /** The column's name in the menu, when its header is not plain text. */
  name?: string;
  align?: "right";
  /** The server's name of the order by this column; without it the column can't be sorted by. */
  sort?: string;
  className?: string;
};

/** Rows come from the server filtered, sorted and cut, so only the choice of columns is the table's own. */
export const features = tableFeatures({ columnVisibilityFeature, columnMeta: {} as ColumnMeta });

export type Columns<Row extends RowData> = TableOptions<typeof features, Row>["columns"];

/** Column definitions of one kind of row: `columnsOf<CaseRow>()` gives TanStack's helper (`accessor`, `display`, `columns`). */
export function columnsOf<Row extends RowData>() {
  return createColumnHelper<typeof features, Row>();
}
