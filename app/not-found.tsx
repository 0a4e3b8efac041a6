import Link from "next/link";

export default function NotFound() {
  return (
    <main id="content" className="mx-auto flex min-h-dvh max-w-md flex-col justify-center gap-3 px-4">
      <h1 className="text-2xl font-semibold tracking-tight">Nothing here</h1>
      <p className="text-muted">It does not exist, or belongs to a project that is not the one shown now.</p>
      <p>
        <Link href="/" className="text-accent underline underline-offset-2">
          Go to the desk
        </Link>
      </p>
    </main>
  );
}
