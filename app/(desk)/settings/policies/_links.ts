export const policiesHref = "/settings/policies";
export const policyHref = (key: string) => `${policiesHref}/${encodeURIComponent(key)}`;
export const proposalHref = (id: number) => `${policiesHref}/proposals/${id}`;
export const newPolicyHref = (from?: string) =>
  `${policiesHref}/new${from === undefined ? "" : `?from=${encodeURIComponent(from)}`}`;
export const compareHref = (key: string, from: number, to: number) =>
  `${policyHref(key)}/compare?from=${from}&to=${to}`;
export const dryRunHref = (of: { policy: string; version: number } | { proposal: number }) =>
  `${policiesHref}/dry-run?${new URLSearchParams(Object.entries(of).map(([name, value]) => [name, String(value)]))}`;
