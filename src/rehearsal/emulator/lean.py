"""A quick start and a small process: a rehearsal starts an emulator, a test suite many.

moto loads at import the offers of every instance type in every zone of the world (150,000 dictionaries, half of its
memory), and asks for the list of regions with three sessions that read the same files each. Both are done here once, or
when needed.
"""

import functools

import boto3
import moto.utilities.utils as utilities

_load_resource = utilities.load_resource
OFFERS = "instance_type_offerings"


class Offers(dict):
    """{region: offers} of one kind of location, read when a region is asked for."""

    def __init__(self, location_type, files):
        super().__init__()
        self.location_type, self.files = location_type, files

    def __missing__(self, region):
        if region not in self.files:
            return []
        offers = _load_resource(self.files[region])
        for offer in offers:
            offer["LocationType"] = self.location_type
        self[region] = offers
        return offers

    def get(self, region, default=None):
        return self[region] or default


def install():
    """Before moto's EC2 is imported."""
    boto3.Session = functools.cache(boto3.Session)
    files = {}

    def load_later(path):
        if OFFERS not in str(path):
            return _load_resource(path)
        _, location_type, name = str(path).rsplit("/", 2)
        files.setdefault(location_type, {})[name.split(".")[0]] = path
        return []

    utilities.load_resource = load_later
    from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS

    for location_type, regions in files.items():
        INSTANCE_TYPE_OFFERINGS[location_type] = Offers(location_type, regions)
