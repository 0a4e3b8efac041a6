import NextLink from "next/link";
import type { ComponentProps } from "react";

/**
 * A link to another page, which is fetched when it is followed. Next.js would ask for the page of each link in sight ahead of
 * time and learn next to nothing, as no page here is the same for everybody; some thirty such requests kept the server from
 * answering the first click.
 */
export default function Link(props: ComponentProps<typeof NextLink>) {
  return <NextLink prefetch={false} {...props} />;
}
