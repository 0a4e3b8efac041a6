import { createServer, type RequestListener, type Server } from "node:http";
import next from "next";
import { root } from "./paths";

export type Web = {
  /** Where a browser on this machine finds it. */
  url: string;
  /** Hands requests to the application from now on; until then they are answered 503. */
  open(options: { dev: boolean }): Promise<void>;
  close(): Promise<void>;
};

const starting: RequestListener = (_request, response) => {
  response.writeHead(503, { "content-type": "text/plain", "retry-after": "2" }).end("Countersign is starting.\n");
};

/**
 * Takes the port before anything slow happens, so that a port in use is known at once and nobody else gets it.
 * Throws an Error that says so.
 */
export async function listen(host: string, port: number): Promise<Web> {
  let handler: RequestListener = starting;
  const server = createServer((request, response) => handler(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(explain(error, host, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const actual = typeof address === "object" && address ? address.port : port;
  const everywhere = host === "0.0.0.0" || host === "::";
  const shown = everywhere ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  let app: ReturnType<typeof next> | undefined;
  return {
    url: `http://${shown}:${actual}`,
    async open({ dev }) {
      app = next({ dev, dir: root, hostname: host, port: actual, httpServer: server, quiet: !dev });
      await app.prepare();
      handler = app.getRequestHandler();
    },
    async close() {
      await finish(server);
      await app?.close();
    },
  };
}

/** Lets running requests end for five seconds. */
function finish(server: Server): Promise<void> {
  const late = setTimeout(() => server.closeAllConnections(), 5000);
  return new Promise((resolve) => {
    server.close(() => {
      clearTimeout(late);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === "EADDRINUSE")
    return new Error(`Port ${port} on ${host} is in use. Choose another: PORT=${port + 1} npm start`);
  if (error.code === "EACCES")
    return new Error(`Port ${port} needs more rights than this user has. Choose another with PORT=…`);
  return new Error(`Cannot listen on ${host}:${port}: ${error.message}`);
}
