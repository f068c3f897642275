/** The examples of the specification, between markers: a root, a derived token, a proof; a revocation, an approval. */
import { accept, vector } from "./forge.ts";
import { approval, REQUEST, revocation } from "./forge-statement.ts";
import { print } from "./print.ts";

const example = vector("example", "", { rule: "", links: [{}] }, accept);

const revoked = revocation("example revocation", "", { rule: "" }, accept).input;
const approved = approval("example approval", "", { rule: "" }, accept).input;

function examples(): { readonly [name: string]: string } {
  const { chain, proof = "" } = example.input;
  const [root = "", derived = ""] = chain.split("~");
  const revocationText = "revocation" in revoked ? revoked.revocation : "";
  const approvalText = "approval" in approved ? approved.approval : "";
  return {
    "root header": part(root, 0),
    "root payload": part(root, 1),
    "derived header": part(derived, 0),
    "derived payload": part(derived, 1),
    "proof header": part(proof, 0),
    "proof payload": part(proof, 1),
    "revocation header": part(revocationText, 0),
    "revocation payload": part(revocationText, 1),
    "approval header": part(approvalText, 0),
    "approval payload": part(approvalText, 1),
    request: JSON.stringify(REQUEST),
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
