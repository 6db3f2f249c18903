"""The claims of Hubel and Wiesel (1962) as executable tests."""
