"""Drawing: one scene described once, written as KMZ, HTML, PNG or GeoPackage."""
