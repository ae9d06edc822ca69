"""moto's server with what its CloudFormation leaves out: the outputs of a stack that a change set makes,
and EmptyOnDelete of a repository."""

import sys

from moto.cloudformation.models import ChangeSet
from moto.ecr.models import Repository, ecr_backends
from moto.server import main

apply = ChangeSet.apply


def apply_with_outputs(change_set):
    apply(change_set)
    stack = change_set.stack
    stack.template_dict = change_set.template_dict
    stack.output_map = stack._create_output_map()


def delete_with_images(repository, account_id, region_name):
    ecr_backends[account_id][region_name].delete_repository(repository.name, force=True)


ChangeSet.apply = apply_with_outputs
Repository.delete = delete_with_images
main(sys.argv[1:])
