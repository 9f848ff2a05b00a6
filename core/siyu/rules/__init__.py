"""Rule packs: what law and platforms ask of a config, as data, judged by what components state of themselves."""
