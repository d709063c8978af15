"""Grid connection: rules, options, costs, room and routes."""
