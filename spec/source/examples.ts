/** The examples of delegation-token.md, between markers: a root, a derived token, a proof. */
import { accept, vector } from "./forge.ts";
import { print } from "./print.ts";

const example = vector("example", "", { rule: "", links: [{}] }, accept);

function examples(): { readonly [name: string]: string } {
  const { chain, proof = "" } = example.input;
  const [root = "", derived = ""] = chain.split("~");
  return {
    "root header": part(root, 0),
    "root payload": part(root, 1),
    "derived header": part(derived, 0),
    "derived payload": part(derived, 1),
    "proof header": part(proof, 0),
    "proof payload": part(proof, 1),
  };
}

function part(compact: string, index: number): string {
  return Buffer.from(compact.split(".")[index] as string, "base64url").toString();
}

/** The text with what stands between its markers made anew. */
export function withExamples(text: string): string {
  const made = examples();
  return text.replace(/<!-- example: ([a-z ]+) -->\n[\s\S]*?<!-- \/example -->/g, (_, name: string) => {
    const json = made[name];
    if (json === undefined) throw new Error(`no example is called "${name}"`);
    return `<!-- example: ${name} -->\n\`\`\`json\n${print(JSON.parse(json)).trimEnd()}\n\`\`\`\n<!-- /example -->`;
  });
}
