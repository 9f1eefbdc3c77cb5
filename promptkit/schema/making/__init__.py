"""Values made to fit a JSON Schema: a schema as forms, and the values of each form."""
