"""Located YAML to typed, validated, SI documents: the only room that knows yaml."""
