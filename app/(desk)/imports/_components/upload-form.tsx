"use client";

import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { sizeOf } from "@/components/ui/cut";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { Progress } from "@/components/ui/progress";

/** Sends a file by XMLHttpRequest, which alone tells how much has gone. */
function send(file: File, query: URLSearchParams, onProgress: (share: number) => void): Promise<{ id: number }> {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/imports/upload?${query}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => onProgress(event.lengthComputable ? event.loaded / event.total : 0);
    request.onload = () => {
      const body = request.response as { id?: number; message?: string } | null;
      if (request.status === 202 && body?.id) done({ id: body.id });
      else failed(new Error(body?.message ?? `The server answered ${request.status}.`));
    };
    request.onerror = () => failed(new Error("The connection broke off. Nothing was kept; try again."));
    request.send(file);
  });
}

export function UploadForm() {
  const router = useRouter();
  const [file, setFile] = useState<File | null>(null);
  const [over, setOver] = useState(false);
  const [share, setShare] = useState<number | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  /** Also of a drop, which the browser does not keep to one file. */
  function choose(files: FileList | null) {
    if (files && files.length > 1)
      return setProblem("These are several files. Each is an import of its own: drop one at a time.");
    setProblem(null);
    setFile(files?.[0] ?? null);
  }

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!file) return setProblem("Choose a file first.");
    if (file.size === 0) return setProblem(`${file.name} is empty: there is nothing to import.`);
    const form = new FormData(event.currentTarget);
    const query = new URLSearchParams({ fileName: file.name });
    for (const name of ["prompt", "dataset"]) {
      const value = String(form.get(name) ?? "").trim();
      if (value) query.set(name, value);
    }
    setProblem(null);
    setShare(0);
    try {
      const { id } = await send(file, query, setShare);
      router.push(`/imports/${id}`);
    } catch (error) {
      setShare(null);
      setProblem((error as Error).message);
    }
  }

  return (
    <form onSubmit={submit} className="flex max-w-2xl flex-col gap-4">
      {problem && <Notice tone="danger">{problem}</Notice>}
      <label
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          choose(event.dataTransfer.files);
        }}
        className={cn(
          "flex cursor-pointer flex-col gap-1 rounded-md border border-dashed p-5 focus-within:outline-2 focus-within:outline-accent",
          over ? "border-accent bg-accent-soft" : "border-line-strong",
        )}
      >
        <span className="font-medium">{file ? file.name : "Choose a file or drop it here"}</span>
        <span className="text-sm text-muted">
          {file ? sizeOf(file.size) : "A Countersign bundle (.zip, .tar.gz) or promptfoo results (.json, .jsonl)"}
        </span>
        <input
          type="file"
          name="file"
          aria-label="File"
          accept=".zip,.gz,.tgz,.json,.jsonl"
          className="sr-only"
          onChange={(event) => choose(event.target.files)}
        />
      </label>
      <details>
        <summary className="min-h-6 cursor-pointer text-accent">Names for promptfoo results</summary>
        <div className="mt-3 grid gap-4 sm:grid-cols-2">
          <Field label="Prompt" hint="The file's name when left empty.">
            <Input name="prompt" maxLength={300} />
          </Field>
          <Field label="Dataset" hint="The file's name when left empty.">
            <Input name="dataset" maxLength={300} />
          </Field>
        </div>
      </details>
      {share !== null && <Progress value={share} label="Uploading" />}
      <div>
        <Button type="submit" variant="primary" disabled={share !== null}>
          {share === null ? "Import" : `Uploading, ${Math.round(share * 100)} %`}
        </Button>
      </div>
    </form>
  );
}
