import type { Metadata } from "next";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHead } from "@/components/ui/page-head";
import { requireActor } from "@/lib/auth/session";
import { listNews } from "@/lib/releases/news";
import { MarkRead } from "./_components/mark-read";
import { NewsList } from "./_components/news-list";

export const metadata: Metadata = { title: "News" };

export default async function NewsPage() {
  const news = await listNews(await requireActor());
  const newest = news.find(({ unread }) => unread);
  return (
    <>
      <PageHead
        title="News"
        facts="What others did to releases that you opened, graded or signed, and to this project."
        action={newest && <MarkRead upTo={newest.index} />}
      />
      {news.length === 0 ? (
        <EmptyState title="No news">When others draw, close, sign or move something, it is told here.</EmptyState>
      ) : (
        <NewsList items={news} />
      )}
    </>
  );
}
