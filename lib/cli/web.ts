import { createServer, type RequestListener, type Server } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
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
  // Headers must come within a minute, but a large upload over a slow line may take longer than Node's five.
  const limits = { headersTimeout: 60_000, requestTimeout: 0 };
  const server = createServer(limits, (request, response) => handler(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(explain(error, host, port)));
    server.listen(port, host, resolve);
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  let grace = 5000;
  const address = server.address();
  const actual = typeof address === "object" && address ? address.port : port;
  const everywhere = host === "0.0.0.0" || host === "::";
  const shown = everywhere ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  let app: ReturnType<typeof next> | undefined;
  return {
    url: `http://${shown}:${actual}`,
    async open({ dev }) {
      // Nobody waits for answers of a development server; its browsers hold sockets open for ever.
      if (dev) grace = 300;
      app = next({ dev, dir: root, hostname: host, port: actual, httpServer: server, quiet: !dev });
      await app.prepare();
      handler = app.getRequestHandler();
    },
    async close() {
      await finish(server, sockets, grace);
      await Promise.race([app?.close(), wait(3000, undefined, { ref: false })]);
    },
  };
}

/** Lets running requests end for `grace` ms. Upgraded connections belong to no request, so sockets are cut one by one. */
function finish(server: Server, sockets: Set<Socket>, grace: number): Promise<void> {
  const late = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, grace);
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
