import type { NextAuthOptions } from "next-auth";
import CredentialsProvider from "next-auth/providers/credentials";
import { appendAudit } from "../audit/append";
import { db } from "../db/client";
import { transaction } from "../db/transaction";
import { Fault } from "../errors";
import { systemActor } from "./actor";
import { redeemLink } from "./links";
import { passwordMatches } from "./password";
import { countAttempt, forgetAttempts } from "./throttle";

declare module "next-auth" {
  interface Session {
    userId?: number;
    sessionVersion?: number;
  }
}

/** The part of an address that one household or office shares: /24 for IPv4, /64 for IPv6. */
export function addressPrefix(address: string): string {
  const plain = address.replace(/^::ffff:/, "");
  return plain.includes(":") ? plain.split(":").slice(0, 4).join(":") : plain.split(".").slice(0, 3).join(".");
}

function header(request: { headers?: Record<string, unknown> } | undefined, name: string): string {
  const value = request?.headers?.[name];
  return typeof value === "string" ? value : "";
}

async function recordSignIn(action: "sign_in.succeeded" | "sign_in.failed", email: string, userId: number | null) {
  const membership = userId
    ? await db.membership.findFirst({ where: { userId }, orderBy: { projectId: "asc" } })
    : null;
  await transaction((tx) =>
    appendAudit(tx, systemActor(membership?.projectId ?? 0), {
      action,
      subject: { kind: "user", id: userId ? String(userId) : "unknown", name: email.slice(0, 200) },
    }),
  );
}

/** The person whose e-mail and password these are, or null. Counts attempts and records both outcomes. */
export async function checkPassword(email: string, password: string, address: string): Promise<{ id: number } | null> {
  const account = email.trim().toLowerCase().slice(0, 200);
  await countAttempt("address", addressPrefix(address || "unknown"));
  await countAttempt("account", account);
  const user = await db.user.findUnique({ where: { email: account } });
  const matches = await passwordMatches(user?.passwordHash, password.slice(0, 1000));
  if (!user || !matches || user.disabledAt) {
    await recordSignIn("sign_in.failed", account, user?.id ?? null);
    return null;
  }
  await forgetAttempts("account", account);
  await recordSignIn("sign_in.succeeded", account, user.id);
  return { id: user.id };
}

const eightHours = 8 * 60 * 60;

export const authOptions: NextAuthOptions = {
  session: { strategy: "jwt", maxAge: eightHours },
  pages: { signIn: "/sign-in", error: "/sign-in" },
  providers: [
    CredentialsProvider({
      id: "password",
      name: "Password",
      credentials: { email: {}, password: {} },
      async authorize(credentials, request) {
        const address = header(request, "x-forwarded-for").split(",")[0]?.trim() ?? "";
        try {
          const user = await checkPassword(
            String(credentials?.email ?? ""),
            String(credentials?.password ?? ""),
            address,
          );
          return user ? { id: String(user.id) } : null;
        } catch (error) {
          // next-auth shows an error's message as the code in the answer; a surprise must not leave this house.
          if (error instanceof Fault && error.code === "rate_limited") throw new Error("rate_limited");
          throw new Error("failed", { cause: error });
        }
      },
    }),
    CredentialsProvider({
      id: "link",
      name: "One-time link",
      credentials: { secret: {}, password: {}, name: {} },
      async authorize(credentials) {
        try {
          const { userId } = await redeemLink(String(credentials?.secret ?? ""), {
            password: credentials?.password ? String(credentials.password) : undefined,
            name: credentials?.name ? String(credentials.name) : undefined,
          });
          return { id: String(userId) };
        } catch (error) {
          if (error instanceof Fault) return null;
          throw new Error("failed", { cause: error });
        }
      },
    }),
  ],
  callbacks: {
    async jwt({ token, user }) {
      if (user) {
        const person = await db.user.findUniqueOrThrow({ where: { id: Number(user.id) } });
        return { sub: user.id, sessionVersion: person.sessionVersion };
      }
      return token;
    },
    session({ session, token }) {
      return {
        expires: session.expires,
        userId: token.sub ? Number(token.sub) : undefined,
        sessionVersion: typeof token.sessionVersion === "number" ? token.sessionVersion : undefined,
      };
    },
  },
};
