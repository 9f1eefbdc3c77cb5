"""What editors say of each key of a prompt file, and of each word that may stand there. Data for `file_schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS: Mapping[str, Mapping[str, str]] = {
    "PromptSpec": {
        "promptkit": "The format's version.",
        "name": "The prompt's name: its path under the root, without the ending.",
        "version": "Semantic version of the prompt's contract, such as 1.2.0.",
        "description": "What the prompt is for.",
        "metadata": "Anything: authors, tags, links.",
        "extends": "A parent file; what this file says goes over it.",
        "model": "The model's name, or what it is to be good for.",
        "options": "Parameters of the request, such as `temperature`.",
        "models": "What is different for some models, by name.",
        "persona": "Who the model is. A template.",
        "context": "What the model should know. A template.",
        "task": "What the model shall do. A template.",
        "inputs": "Every variable that a template uses, by name.",
        "output": "What the answer looks like, and how far to go to get it.",
        "examples": "Worked examples, checked against inputs and output.",
        "examples_from": "Examples from a file of rows.",
        "chain_of_thought": "Whether the model reasons before it answers.",
        "messages": "The messages, instead of persona, context and task.",
        "tools": "Functions that the model may call: names bound in code, or declarations.",
        "layout": "How sections are set, and where the context stands.",
        "conversation": "What a later turn is.",
        "memory": "How much of a conversation is sent again: `full`, or `{last: 20}`.",
        "budget": "What one call may cost at most: tokens of a request and of an answer, USD of all attempts together.",
        "tests": "Inputs, and what must hold for the answers.",
    },
    "ModelChoice": {
        "for": "What the model is to be good for.",
        "needs": "Abilities that it must have.",
        "context": "Tokens that its window must hold.",
    },
    "ConversationSpec": {
        "input": "The input that a turn's text is.",
        "task": "Whether the task is said in each turn, or in the first alone: later ones are the text as it is.",
    },
    "ChainOfThought": {
        "mode": "How the model is asked to reason.",
        "instruction": "How to reason, in your own words. A template.",
    },
    "ModelOverride": {
        "options": "Parameters of the request for this model.",
        "chain_of_thought": "How this model reasons.",
    },
    "ToolSpec": {
        "name": "The tool's name: letters, digits, `_` and `-`.",
        "description": "What it does and when to call it. The model reads it.",
        "fields": "What it takes, in shorthand, as under `output`.",
        "parameters": "What it takes, as a JSON Schema of `type: object`. Without it and `fields`, the code says so.",
        "confirm": "Whether somebody has to agree before it is run.",
        "timeout": "Seconds that it may take.",
    },
    "MessageSpec": {
        "role": "Who speaks.",
        "content": "What is said. A template.",
        "tool_calls": "What an assistant message calls; the results stand behind it, in messages of the role `tool`.",
        "tool_call_id": "The call that a tool message is the result of; without it the first that has none.",
    },
    "CallSpec": {
        "name": "The tool's name.",
        "arguments": "What it is called with. Data, no template.",
        "id": "What its result names it by; given where it is left out.",
    },
    "Slot": {
        "history": "The earlier turns of a conversation stand here.",
        "examples": "The examples stand here, as pairs of turns.",
    },
    "OutputSpec": {
        "format": "The form of the answer.",
        "fields": "The fields of a JSON answer, in shorthand.",
        "schema": "The JSON Schema of the answer, or `{$ref: schemas/answer.json}`.",
        "choices": "The answers to choose from.",
        "items": "What each item of a list is: a declaration.",
        "headings": "The headings of a Markdown answer, in their order.",
        "description": "What the answer is, in words for the model.",
        "instructions": "Whether the messages say how to answer; `json_schema`: with the schema as it is.",
        "checks": "Expressions over `value` that should hold for every answer.",
        "attempts": "Answers that are asked for in all, re-asks included.",
        "repair": "Whether slips of syntax in an answer are repaired, and told.",
        "coerce": "Whether values are brought to the declared type where nothing is lost, and told.",
        "reask": "Whether the model is asked again with what was wrong.",
        "strict": "Accept only what needed nothing.",
    },
    "CheckSpec": {
        "name": "What the check is called in results.",
        "that": "A Jinja expression over `value` and the inputs, such as `value.summary | length <= 200`.",
        "assert": "Whether an answer that fails is refused.",
    },
    "Example": {
        "inputs": "Values for the inputs.",
        "reasoning": "The reasoning that leads to the answer.",
        "output": "The answer.",
    },
    "ExamplesFrom": {
        "path": "A file of rows: one example each.",
        "select": "Which of them are shown.",
        "k": "How many are shown.",
    },
    "Layout": {
        "style": "How sections are set.",
        "section": "How one section looks: `{{ text }}` once, `{{ name }}`, `{{ title }}`.",
        "context": "In which message the context stands.",
    },
    "Budget": {
        "input_tokens": "Tokens of the messages.",
        "output_tokens": "Tokens of the answer.",
        "usd": "US dollars for one call.",
    },
    "TestCase": {
        "name": "What the test is called.",
        "inputs": "Values for the inputs.",
        "output": "The answer that is expected.",
        "assert": "What must hold for the answer, such as `{type: equals, path: team, value: billing}`.",
    },
    "Input": {
        "trust": "Whom the value comes from; all but `caller` is fenced in the message.",
        "secret": "Reaches tools only: never a template, log, record or error.",
        "neutralise": "Whether chat markup in an untrusted value is made harmless.",
        "default": "The value when none is given; makes the input optional.",
    },
}
"""By the part of the spec and the key in it."""

WORDS: Mapping[str, str] = {
    "text": "Text as it stands.",
    "markdown": "Markdown.",
    "json": "JSON, validated against `fields` or `schema`.",
    "choice": "One of `choices`.",
    "list": "A JSON list of `items`.",
    "off": "No reasoning is asked for.",
    "auto": "As the model does it best.",
    "field": "In a field of the JSON answer, which is taken off.",
    "prose": "In prose before the answer, which is taken off.",
    "native": "The model's own reasoning.",
    "caller": "Your own program: the value arrives as it is.",
    "user": "A user.",
    "web": "A page of the web.",
    "tool": "A tool's result.",
    "system": "Sets the behaviour for the whole conversation.",
    "assistant": "The model's earlier answer.",
    "xml": "XML tags.",
    "first": "The first rows.",
    "last": "The last rows.",
    "random": "Rows by chance.",
    "similar": "Rows that are like the inputs.",
    "reasoning": "Complex reasoning.",
    "speed": "Short answers soon.",
    "cost": "Few dollars.",
    "accuracy": "The best answer.",
}
"""By the word, where a key takes one of several."""

KEYWORD_WORDS: Mapping[str, str] = {
    "type": "The JSON type.",
    "description": "What it is, in words.",
    "title": "A name for people.",
    "enum": "The values that it may have.",
    "const": "The one value that it has.",
    "default": "The value when none is given.",
    "minimum": "The least that a number may be.",
    "maximum": "The most that a number may be.",
    "exclusiveMinimum": "What a number is above.",
    "exclusiveMaximum": "What a number is below.",
    "multipleOf": "What a number is a multiple of.",
    "minLength": "How many characters a text has at least.",
    "maxLength": "How many characters a text has at most.",
    "pattern": "A regular expression that a text has a match of somewhere; `^` and `$` bind it to the ends.",
    "format": "What a text is: `date`, `email`, `uri` and the like. It is checked.",
    "items": "What each item of a list is.",
    "prefixItems": "What the first items of a list are, one by one.",
    "minItems": "How many items a list has at least.",
    "maxItems": "How many items a list has at most.",
    "uniqueItems": "Whether no two items of a list are alike.",
    "contains": "What at least one item of a list is.",
    "properties": "The fields of an object, by name.",
    "required": "The names of the fields that an object always has.",
    "additionalProperties": "What other fields of an object are; `false` allows none.",
    "propertyNames": "What the names of an object's fields are like.",
    "anyOf": "Alternatives; at least one of them holds.",
    "oneOf": "Alternatives; just one of them holds.",
    "allOf": "All of these hold.",
    "not": "This does not hold.",
    "$ref": "Another schema of this file, as in `#/$defs/address`.",
    "$defs": "Schemas that others refer to, by name.",
    "examples": "Some values that it may have.",
}
"""What editors say of JSON Schema's keywords in a declaration (meanings: JSON Schema 2020-12, Validation and Core)."""

DECLARATIONS = (
    ("string", "A text."),
    ("integer, 1..5", "A whole number in a range."),
    ("number", "A number."),
    ("boolean", "True or false."),
    ("formal | friendly", "One of several words."),
    ("[string]", "A list of texts."),
)
"""Shorthands that are offered where a declaration belongs."""

OPTIONS: Mapping[str, dict[str, Any]] = {
    "temperature": {
        "type": ["number", "null"],
        "minimum": 0,
        "description": "How freely words are chosen; MARA takes 0 to 1.",
    },
    "top_p": {
        "type": ["number", "null"],
        "minimum": 0,
        "maximum": 1,
        "description": "The share of likely words to choose from.",
    },
    "top_k": {
        "type": ["integer", "null"],
        "minimum": 1,
        "maximum": 100,
        "description": "How many likely words to choose from.",
    },
    "max_tokens": {"type": ["integer", "null"], "minimum": 1, "description": "Tokens of the answer and its reasoning."},
    "max_completion_tokens": {"type": ["integer", "null"], "minimum": 1, "description": "The same as `max_tokens`."},
    "stop": {
        "description": "A text that ends the answer, or up to four.",
        "anyOf": [
            {"not": {"type": ["object", "array"]}},
            {"type": "array", "items": {"not": {"type": ["object", "array"]}}, "minItems": 1, "maxItems": 4},
        ],
    },
    "reasoning_effort": {"description": "How much a reasoning model thinks: low, medium or high."},
    "chat_template_kwargs": {"type": ["object", "null"], "description": "Switches of the model's chat template."},
    "do_sample": {"type": ["boolean", "null"], "description": "Whether words are chosen by chance."},
    "repetition_penalty": {
        "type": ["number", "null"],
        "minimum": 0,
        "description": "Above 1, words that came up are avoided.",
    },
    "tool_choice": {"description": "none, auto, required, or a function's name."},
    "parallel_tool_calls": {"type": ["boolean", "null"], "description": "Whether several tools may be called at once."},
    **{
        name: {"description": "Accepted by MARA, and without effect there."}
        for name in ("n", "seed", "logprobs", "top_logprobs", "logit_bias", "presence_penalty", "frequency_penalty")
    },
}
"""What is said of each option, and the range that no setting changes; a null unsets it."""
