import type { NextConfig } from "next";

const config: NextConfig = {
  images: { unoptimized: true },
  poweredByHeader: false,
  // Native and worker-loading packages stay outside the bundle.
  serverExternalPackages: ["@node-rs/argon2", "pg", "pg-copy-streams", "@prisma/adapter-pg"],
  experimental: {
    serverActions: { bodySizeLimit: "2mb" },
    // The neighbours of an answer are fetched before anybody goes there; by the default they would be shown five minutes later as they were.
    staleTimes: { static: 30 },
  },
};

export default config;
