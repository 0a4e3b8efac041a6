/** What can go wrong for a reason a caller should hear. Each door maps a code once: see httpStatus. */
export type FaultCode =
  | "not_signed_in"
  | "forbidden"
  | "not_found"
  | "invalid"
  | "conflict"
  | "too_large"
  | "rate_limited";

export type FaultPlace = { file?: string; line?: number; field?: string };

export class Fault extends Error {
  constructor(
    readonly code: FaultCode,
    message: string,
    readonly place: FaultPlace = {},
  ) {
    super(message);
    this.name = "Fault";
  }
}

export const httpStatus: Record<FaultCode, number> = {
  not_signed_in: 401,
  forbidden: 403,
  not_found: 404,
  invalid: 422,
  conflict: 409,
  too_large: 413,
  rate_limited: 429,
};

/** The one message for what is not there and for what is another project's: they must look the same. */
export function notFound(what: string): Fault {
  return new Fault("not_found", `${what} was not found in this project.`);
}
