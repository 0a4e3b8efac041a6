import { LinkButton } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";

export default function NotFound() {
  return (
    <EmptyState heading="h1" title="Nothing here" action={<LinkButton href="/">Go to the desk</LinkButton>}>
      It does not exist, or belongs to another project. If you are a member of that project, switch to it first.
    </EmptyState>
  );
}
