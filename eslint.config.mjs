import tseslint from "typescript-eslint";

const restrictImports = (files, patterns, message) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns: [{ group: patterns, message }] }] },
});

export default tseslint.config(
  { ignores: ["node_modules/", ".kmvm/", "runs/"] },
  ...tseslint.configs.strict,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-console": "error",
    },
  },
  { files: ["**/*.cjs", "*.config.js"], rules: { "@typescript-eslint/no-require-imports": "off" } },
  // The tiers of docs/architecture.md: an arrow that points the wrong way is an error here, not a matter of taste.
  restrictImports(
    ["lib/**"],
    ["@pulumi/*", ...["provider", "components", "stacks", "plugin", "cli", "runner"].map((tier) => `**/${tier}/**`)],
    "lib/ is pure and at the bottom",
  ),
  restrictImports(
    ["provider/qemu/**", "provider/images/**"],
    ["@pulumi/*", ...["plugin", "components", "stacks", "cli", "runner"].map((tier) => `**/${tier}/**`)],
    "knows nothing of Pulumi",
  ),
  restrictImports(
    ["runner/**"],
    [
      ...["@pulumi/*", "**/cli/**", "**/components/*", "!**/components/backends", "**/components/backends/*"],
      // By the registry it asks a provider for a machine's console.
      ...["registry", "load", "backend", "facets"].map((file) => `!**/components/backends/${file}`),
    ],
    "the runner is a program of its own",
  ),
  restrictImports(
    ["components/**", "stacks/**"],
    ["**/cli/**", "**/runner/**", "**/plugin/**"],
    "a program declares; it does not do",
  ),
  restrictImports(
    ["plugin/**"],
    ["provider", "components", "stacks", "cli", "runner"].map((tier) => `**/${tier}/**`),
    "the protocol knows no resource of ours",
  ),
  {
    files: ["cli/**"],
    ignores: ["cli/workspace.ts"],
    rules: { "no-restricted-imports": ["error", { paths: ["@pulumi/pulumi/automation"] }] },
  },
);
