"""The contracts of import-linter that hold the house together; tests, which stand in the rooms, are left out."""

from __future__ import annotations

from copy import deepcopy

from grimp import ImportGraph
from importlinter import ContractCheck
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.layers import LayersContract


def without_tests(graph: ImportGraph) -> ImportGraph:
    """The imports that product modules make of each other."""
    product = deepcopy(graph)
    for module in graph.modules:
        name = module.rpartition(".")[2]
        if name.startswith("test_") or (name == "conftest" and module.count(".") > 1):  # that of the top is a layer
            product.remove_module(module)
    return product


class ProductLayers(LayersContract):
    """Rooms in their order: an arrow may only go down."""

    type_name = "product_layers"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Judge the graph without its tests."""
        return super().check(without_tests(graph), verbose)


class ProductAcyclic(AcyclicSiblingsContract):
    """No circle among the modules of a room, nor among rooms."""

    type_name = "product_acyclic"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Judge the graph without its tests."""
        return super().check(without_tests(graph), verbose)
