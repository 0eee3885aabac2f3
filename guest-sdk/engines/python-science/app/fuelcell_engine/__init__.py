"""The engine `python-science`: runs scripts with the scientific libraries that are compiled into its interpreter."""
