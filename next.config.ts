import type { NextConfig } from "next";

const config: NextConfig = {
  images: { unoptimized: true },
  poweredByHeader: false,
  // Native and worker-loading packages stay outside the bundle.
  serverExternalPackages: ["@node-rs/argon2", "pg", "pg-copy-streams", "@prisma/adapter-pg"],
  experimental: { serverActions: { bodySizeLimit: "2mb" } },
};

export default config;
