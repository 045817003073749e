import { type GraphQLSchema, isInputObjectType } from "graphql";
import { nearestNameHint, type Problems } from "../core/problems.ts";
import type { ClientInput } from "../language/client-leaf-types.ts";
import type { ClientSchema } from "../language/client-schema.ts";
import { Accessibility } from "./accessibility.ts";
import { InputFit } from "./input-fit.ts";
import type { SupergraphModel } from "./supergraph-model.ts";

/**
 * An input type with `@view` fits the supergraph's: every field is one of it, of a type that fits, and none that is
 * required is missing. One without `@view` is compared where its values go.
 */
export function checkClientInputs(
  client: ClientSchema,
  schema: GraphQLSchema,
  model: SupergraphModel,
  problems: Problems,
): void {
  for (const input of client.inputs.values()) {
    if (input.viewUse !== null && input.boundTo !== null)
      new ViewCheck(input, client, model, problems).run(schema, input.boundTo);
  }
}

class ViewCheck {
  readonly #input: ClientInput;
  readonly #fit: InputFit;
  readonly #model: SupergraphModel;
  readonly #problems: Problems;

  constructor(input: ClientInput, { inputs }: ClientSchema, model: SupergraphModel, problems: Problems) {
    this.#input = input;
    this.#fit = new InputFit(inputs, new Accessibility(model.inaccessible));
    this.#model = model;
    this.#problems = problems;
  }

  run(schema: GraphQLSchema, boundTo: string): void {
    const { name, place, fields } = this.#input;
    const from = schema.getType(name);
    const to = this.#model.leafTypes.get(boundTo);
    if (!isInputObjectType(to)) {
      const names = [...this.#model.leafTypes.values()].filter(isInputObjectType).map((type) => type.name);
      const expected = "an input type of the supergraph";
      this.#input.viewUse?.refuse(["of"], expected, boundTo, nearestNameHint(boundTo, names));
      return;
    }
    const hidden = new Accessibility(this.#model.inaccessible).reasonForType(boundTo);
    if (hidden !== null) {
      this.#input.viewUse?.refuse(["of"], "an input type that client schemas may show", hidden);
      return;
    }
    if (!isInputObjectType(from)) return;
    for (const { field, mismatch } of this.#fit.findMisfits(from, to)) {
      const written = fields.get(field ?? "");
      if (written === undefined) {
        const expected = `a view of ${boundTo}${mismatch.detail}`;
        this.#problems.error({ place, coordinate: name, expected, found: "none of that" });
        continue;
      }
      const names = Object.keys(to.getFields());
      const isKnown = names.includes(written.source);
      const expected = isKnown
        ? `a field of ${boundTo}${mismatch.detail}`
        : `a field of ${boundTo} (${names.join(", ")})`;
      const hint = isKnown ? null : nearestNameHint(written.source, names);
      const found = isKnown
        ? `${written.name}: ${from.getFields()[written.name]?.type.toString()}`
        : written.source;
      if (written.fromUse !== null && !isKnown) written.fromUse.refuse(["field"], expected, found, hint);
      else
        this.#problems.error({ place: written.place, coordinate: written.coordinate, expected, found, hint });
    }
  }
}
