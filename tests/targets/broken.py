import a_module_that_does_not_exist


def function():
    a_module_that_does_not_exist.go()
