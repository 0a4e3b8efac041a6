import { type NextRequest, NextResponse } from "next/server";

/** What is not encoded properly, or holds a NUL character (no text here does: PostgreSQL has none), is nobody's address. */
function leadsNowhere(pathname: string): boolean {
  try {
    return decodeURIComponent(pathname).includes("\0");
  } catch {
    return true;
  }
}

/**
 * Headers: a fresh nonce for the Content Security Policy, an id for the request, and its path; and the page for what is not
 * there, where the address is none. A NUL character in the query is left out. It guards nothing; who may do what is decided
 * in the operations (lib/auth/permit.ts).
 */
export function proxy(request: NextRequest): NextResponse {
  if (request.nextUrl.search.includes("%00")) {
    const without = request.nextUrl.clone();
    without.search = without.search.replaceAll("%00", "");
    return NextResponse.redirect(without);
  }
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(18))).toString("base64");
  const development = process.env.NODE_ENV === "development";
  const policy = [
    "default-src 'self'",
    // React's development build evaluates code to rebuild stack traces.
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ""}`,
    // Charts and floating panels set style attributes; a style can't run code.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "worker-src 'self'",
    `connect-src 'self'${development ? " ws:" : ""}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  headers.set("x-request-id", crypto.randomUUID());
  // Where to go on after signing in.
  headers.set("x-path", request.nextUrl.pathname + request.nextUrl.search);
  headers.set("content-security-policy", policy);
  const response = leadsNowhere(request.nextUrl.pathname)
    ? NextResponse.rewrite(new URL("/nothing", request.url), { request: { headers } })
    : NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  response.headers.set("x-content-type-options", "nosniff");
  response.headers.set("referrer-policy", "no-referrer");
  response.headers.set("cache-control", "private, no-store");
  return response;
}

export const config = {
  // Not for files, nor where large bodies are streamed: a request that passes here has its body held in memory.
  matcher: [{ source: "/((?!api/|_next/static|imports/upload|.*\\.(?:svg|png|ico|woff2)$).*)" }],
};
