"""moto's server with what its CloudFormation leaves out: the outputs of a stack that a change set makes,
EmptyOnDelete of a repository, and that RetainExceptOnCreate retains."""

import sys

from moto.cloudformation.models import ChangeSet
from moto.cloudformation.parsing import ResourceMap
from moto.ecr.models import Repository, ecr_backends
from moto.server import main

apply = ChangeSet.apply
delete = ResourceMap.delete


def apply_with_outputs(change_set):
    apply(change_set)
    stack = change_set.stack
    stack.template_dict = change_set.template_dict
    stack.output_map = stack._create_output_map()


def delete_with_images(repository, account_id, region_name):
    ecr_backends[account_id][region_name].delete_repository(repository.name, force=True)


def delete_but_retain(resources):
    for resource in resources._resource_json_map.values():
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate":
            resource["DeletionPolicy"] = "Retain"
    delete(resources)


ResourceMap.delete = delete_but_retain
ChangeSet.apply = apply_with_outputs
Repository.delete = delete_with_images
main(sys.argv[1:])
