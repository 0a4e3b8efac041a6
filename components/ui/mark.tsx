/** The mark: a signature line under a tick. */
export function Mark({ className = "size-5" }: { className?: string }) {
  return (
    <svg
      viewBox="0 0 20 20"
      className={className}
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
    >
      <path d="M4 9.5 8 13l8-9" className="text-accent" stroke="currentColor" />
      <path d="M3 17.5h14" />
    </svg>
  );
}
