"""Prints a CloudFormation template as JSON, its short forms spelled out: !Ref x is {"Ref": "x"}."""

import json
import sys

import yaml


def function(loader, tag, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt":
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


yaml.SafeLoader.add_multi_constructor("!", function)
with open(sys.argv[1]) as template:
    print(json.dumps(yaml.safe_load(template)))
